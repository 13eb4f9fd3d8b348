/** Files and directories. @packageDocumentation */
export * from "@rt/fs";
