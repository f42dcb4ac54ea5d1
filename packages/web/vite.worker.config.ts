import { defaultClientConditions, defineConfig } from 'vite';

/** The service worker: one script under a name that stays, beside the page. Not every browser takes a module there. */
export default defineConfig({
  resolve: { conditions: ['source', ...defaultClientConditions] },
  publicDir: false,
  build: {
    target: 'es2023',
    outDir: '../cli/dist/web',
    emptyOutDir: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: 'src/sw/sw.ts',
      output: { format: 'iife', entryFileNames: 'sw.js' },
    },
  },
});
