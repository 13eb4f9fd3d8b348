/** The Chromium to test in: the system's, or the one that `RT_CHROMIUM` names. */
export const CHROMIUM: string = process.env["RT_CHROMIUM"] ?? "/usr/bin/chromium";
