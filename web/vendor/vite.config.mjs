// Three entries that share chunks, fixed names, no source maps, nothing fetched at run time.
import { writeFileSync } from 'node:fs';
import { defineConfig } from 'vite';

// Writes the names of the packages whose code ended up in the output: what the licence file must name.
const packagesInside = {
  name: 'packages-inside',
  generateBundle(_, bundle) {
    const names = new Set();
    for (const chunk of Object.values(bundle)) {
      for (const id of chunk.moduleIds ?? []) {
        const found = id.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)\//);
        if (found) names.add(found[1]);
      }
    }
    writeFileSync(process.env.VENDOR_PACKAGES ?? 'packages.json', JSON.stringify([...names].sort()));
  },
};

export default defineConfig({
  root: import.meta.dirname,
  logLevel: 'warn',
  plugins: [packagesInside],
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: process.env.VENDOR_OUT ?? 'dist',
    emptyOutDir: true,
    copyPublicDir: false,
    modulePreload: false,
    target: 'chrome109',
    chunkSizeWarningLimit: 4000,
    rollupOptions: {
      input: { designer: 'designer.js', viewer: 'viewer.js', layout: 'layout.js' },
      preserveEntrySignatures: 'strict',
      output: {
        format: 'es',
        entryFileNames: '[name].mjs',
        chunkFileNames: '[name].mjs',
        assetFileNames: '[name][extname]',
      },
    },
  },
});
