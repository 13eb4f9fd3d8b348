/** Runs the benches: `pnpm bench [area]`, see `README.md`. */

import { type Area, areaNames, loadArea } from "./areas.ts";
import { commandOf, ENTRANTS } from "./contestants.ts";
import { type Options, parseOptions } from "./options.ts";
import { buildPackages } from "./packages.ts";
import { describe, environment, writeResults } from "./results.ts";
import { type CaseResult, runCase, type Starter } from "./run.ts";
import { caseTable, judge, verdictTable } from "./table.ts";
import { buildTokio, type TokioBinary } from "./tokio.ts";

function startersFor(area: Area, tokio: TokioBinary | undefined): Starter[] {
  return ENTRANTS.flatMap((entrant) => {
    const command = commandOf(entrant, area.folder, tokio);
    return command === undefined ? [] : [{ entrant, command }];
  });
}

/** Whether all contestants finished what they began. */
async function runArea(area: Area, options: Options, tokio: TokioBinary | undefined): Promise<boolean> {
  const facts = environment(tokio);
  console.log(`${area.name}: ${describe(facts)}; best and median of ${options.rounds}\n`);

  const starters = startersFor(area, tokio);
  const results: CaseResult[] = [];
  for (const definition of area.cases.filter(({ name }) => name.includes(options.filter))) {
    const result = await runCase(definition, starters, options);
    results.push(result);
    console.log(caseTable(result));
    for (const [name, failure] of result.failures)
      console.error(`${name} failed in ${definition.name}:\n${failure}\n`);
  }

  const complete = options.filter === "";
  const verdicts = judge(results, complete ? area.bars : []);
  if (verdicts.length > 0) console.log(`Bars\n${verdictTable(verdicts)}\n`);
  const sound = results.every(({ failures }) => failures.size === 0);
  if (options.keepResults && sound) writeResults(area.name, facts, results, verdicts);
  return sound;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.build) buildPackages();
  const tokio = buildTokio();
  for (const name of options.area === undefined ? areaNames() : [options.area]) {
    const sound = await runArea(await loadArea(name), options, tokio);
    if (!sound) process.exitCode = 1;
  }
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
