/** What the engine and the client of a benchmark agree on. */

/** Of each stream. */
export const chunksPerSecond = 100;
/** Stands before the time of sending: nanoseconds of the system's monotonic clock, which all processes share. */
export const sentMarker = '"sent":"';
export const sentDigits = 17;
/** Ends the last object of an answer. */
export const endMarker = '"eval_duration":77';
