// Imports programs, which must not start.
import "./hello.ts";
import "./options.ts";
import "./fails.ts";

console.log("imported");
