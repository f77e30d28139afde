// What the setup scripts say: one line per step, coloured on a terminal alone.
import { styleText } from 'node:util';

const paint = (colour, text) => (process.stdout.isTTY ? styleText(colour, text) : text);

/** A step that is under way. */
export const step = (text) => console.log(`${paint('cyan', '·')} ${text}`);

/** Something that is missing, and what to do about it. */
export const warn = (text) => console.log(`${paint('yellow', '!')} ${text}`);

/** The reason why we end here. */
export const fail = (text) => console.error(`${paint('red', '✗')} ${text}`);
