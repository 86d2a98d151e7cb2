import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { readFilm } from '../../../src/runtime/film/film.ts';
import { go } from '../admin/place.ts';
import { filmTrouble, playFile } from './film-player.ts';

const isOver = signal(false);

/** Plays a film that is dropped anywhere on the page. */
export function FileDrop() {
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      isOver.value = true;
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) isOver.value = false;
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      isOver.value = false;
      const [file] = event.dataTransfer?.files ?? [];
      if (file) open(file);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);
  return isOver.value ? <p class="drop">Drop a film to play it</p> : null;
}

/** Reads a film file and shows its start. */
export async function open(file: File): Promise<void> {
  try {
    const film = readFilm(await file.text());
    go({ connection: '', state: '' });
    playFile(film);
  } catch (error) {
    filmTrouble.value = `${file.name}: ${(error as Error).message}`;
  }
}
