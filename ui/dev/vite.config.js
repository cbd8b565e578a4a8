// The web view with a pretended core, to look at every state in a browser:
// `npm run dev`, then `/?state=offline`. Served under the window's own content
// security policy, so that what it would block is blocked here too.

import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' picture: http://picture.localhost",
  'connect-src ipc: http://ipc.localhost',
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [svelte({ configFile: here('../svelte.config.js') })],
  server: { fs: { allow: [here('../..')] } },
  preview: { headers: { 'Content-Security-Policy': POLICY } },
  build: {
    outDir: here('../node_modules/.looks'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
