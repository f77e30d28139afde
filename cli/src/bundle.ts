import { main } from './main.ts';

/** Entry of the bundled command line. */
process.exitCode = await main(process.argv.slice(2), [process.execPath, process.argv[1] ?? 'inferometer']);
