import { main } from './main.ts';

// Entry of the bundled command line. It exits for itself: a child that cannot be killed must not hold us.
process.exit(await main(process.argv.slice(2), [process.execPath, process.argv[1] ?? 'inferometer']));
