/**
 * Child processes.
 * @packageDocumentation
 */
export { type Child } from "./child.ts";
export { Command } from "./command.ts";
export { type ExitStatus, type Output } from "./exit-status.ts";
export { ChildOutput, ChildStderr, ChildStdin, ChildStdout } from "./pipes.ts";
export { Stdio } from "./stdio.ts";
