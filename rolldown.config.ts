import { defineConfig } from 'rolldown';

/** One file that runs on plain Node from any folder. */
export default defineConfig({
  input: 'cli/src/bundle.ts',
  platform: 'node',
  output: {
    file: 'dist/inferometer.mjs',
    format: 'esm',
    codeSplitting: false,
    banner: '#!/usr/bin/env node',
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  },
});
