export const LONGEST_EDGE = 480;

/**
 * Scales an image, video or canvas down to what the backend takes and returns its bare pixels:
 * three bytes each, because the browser has the decoders and the backend has none.
 */
export function toPixels(source, mirrored = false) {
  const [naturalWidth, naturalHeight] = sizeOf(source);
  const scale = Math.min(1, LONGEST_EDGE / Math.max(naturalWidth, naturalHeight));
  const width = Math.max(1, Math.round(naturalWidth * scale));
  const height = Math.max(1, Math.round(naturalHeight * scale));
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  if (mirrored) context.setTransform(-1, 0, 0, 1, width, 0);
  context.drawImage(source, 0, 0, width, height);
  const rgba = context.getImageData(0, 0, width, height).data;
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from];
    rgb[to++] = rgba[from + 1];
    rgb[to++] = rgba[from + 2];
  }
  return { width, height, rgb };
}

function sizeOf(source) {
  return [
    source.videoWidth || source.naturalWidth || source.width,
    source.videoHeight || source.naturalHeight || source.height,
  ];
}

/** Decodes a file that the user chose; rejects when the browser cannot. */
export async function fromFile(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) throw new Error(`“${file.name}” is not a picture this browser can open`);
  return { title: file.name.replace(/\.[^.]*$/, ''), ...toPixels(bitmap) };
}

/** Opens the viewfinder; resolves with the picture taken, or null when cancelled. */
export async function fromCamera(dialog) {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error('the camera needs https or localhost');
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { facingMode: 'user', width: { ideal: 960 } } })
    .catch((error) => {
      throw new Error(error.name === 'NotAllowedError' ? 'the camera was not allowed' : 'no camera found');
    });
  const video = dialog.querySelector('video');
  video.srcObject = stream;
  dialog.returnValue = 'cancel';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  const taken =
    dialog.returnValue === 'take' && video.videoWidth
      ? { title: 'From the camera', ...toPixels(video, true) }
      : null;
  for (const track of stream.getTracks()) track.stop();
  video.srcObject = null;
  return taken;
}
