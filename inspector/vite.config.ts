import { defineConfig } from 'vite';

/** The admin listener serves the page at `/inspect` and whatever it loads below `/inspect/assets/`. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/inspect/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    // Its content security policy allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What is bundled keeps its licences beside it.
    license: { fileName: 'assets/licenses.md' },
    chunkSizeWarningLimit: 2000,
  },
});
