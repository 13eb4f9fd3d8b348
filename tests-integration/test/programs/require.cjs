/**
 * Requires each face that an argument names, and prints those that are not what `import` gives; then runs a task in both
 * lanes.
 */
const faces = process.argv.slice(2);
const { spawn } = require("@rt/core");

function* addOne(task) {
  return (yield* task) + 1;
}

async function main() {
  const differing = [];
  for (const face of faces) {
    const required = require(face);
    const imported = await import(face);
    const names = Object.keys(imported);
    if (names.length === 0 || names.some((name) => required[name] !== imported[name])) differing.push(face);
  }
  return { differing, sum: await spawn(addOne(spawn(async () => 1))) };
}

void main().then((outcome) => console.log(JSON.stringify(outcome)));
