// Amounts with their units, as the language writes them.

import { decimal, gettext, ngettext } from "./words.js";

export const countWords = (count) => ngettext("{count} word", "{count} words", count);

export const countRecordings = (count) => ngettext("{count} recording", "{count} recordings", count);

export const megabytes = (bytes) => gettext("{size} MB", { size: decimal(bytes / 2 ** 20) });

export const seconds = (value) => gettext("{seconds} s", { seconds: decimal(value) });

// A fraction of 1 in whole percent.
export const percent = (fraction) => gettext("{percent} %", { percent: Math.round(100 * fraction) });
