import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Built beside the program; hashed names are cached for a year by the server. Nothing is inlined: the pages run under a strict
// Content-Security-Policy.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../build/web",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        manualChunks(id) {
          if (/node_modules\/(react|react-dom|react-router|react-router-dom|@remix-run|scheduler)\//.test(id)) return "react";
          return undefined;
        },
      },
    },
  },
});
