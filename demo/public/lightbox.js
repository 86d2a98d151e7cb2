/** A print beside its original, divided where the slider stands. */
export function lightbox(dialog) {
  const compare = dialog.querySelector('#compare');
  const [before, after] = compare.children;
  const split = dialog.querySelector('#split');
  const download = dialog.querySelector('#download');

  split.addEventListener('input', () => compare.style.setProperty('--split', `${split.value}%`));
  compare.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'mouse' && event.buttons === 0) return;
    const { left, width } = compare.getBoundingClientRect();
    split.value = String(100 - ((event.clientX - left) / width) * 100);
    split.dispatchEvent(new Event('input'));
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });

  return (picture) => {
    dialog.querySelector('h2').textContent = picture.title;
    before.src = picture.before;
    after.src = picture.after;
    after.alt = picture.title;
    download.href = picture.after;
    download.download = `${picture.title}.png`;
    split.hidden = picture.before === picture.after;
    compare.style.setProperty('--split', `${split.value}%`);
    dialog.showModal();
  };
}
