/** Runs the benches: `pnpm bench [area …]`, see `README.md`. */

import { type Area, areaNames, loadArea } from "./areas.ts";
import { commandOf, ENTRANTS } from "./contestants.ts";
import { type Options, parseOptions } from "./options.ts";
import { buildPackages } from "./packages.ts";
import { describe, environment, writeResults } from "./results.ts";
import { type CaseResult, runCase, type Starter } from "./run.ts";
import { caseTable, judge, ratioTable, verdictTable } from "./table.ts";
import { buildTokio, type TokioBinary } from "./tokio.ts";

function startersFor(area: Area, tokio: TokioBinary | undefined, source: boolean): Starter[] {
  return ENTRANTS.flatMap((entrant) => {
    const command = commandOf(entrant, area.folder, tokio, source);
    return command === undefined ? [] : [{ entrant, command }];
  });
}

async function runArea(
  area: Area,
  options: Options,
  tokio: TokioBinary | undefined,
): Promise<readonly CaseResult[]> {
  const facts = environment(tokio);
  console.log(`${area.name}: ${describe(facts)}; best and median of ${options.rounds}\n`);

  const starters = startersFor(area, tokio, options.source);
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
  return results;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.build) buildPackages();
  const tokio = buildTokio();
  // All of them first: a name that is wrong should not show after minutes.
  const areas = await Promise.all((options.areas.length === 0 ? areaNames() : options.areas).map(loadArea));
  const results: CaseResult[] = [];
  for (const area of areas) results.push(...(await runArea(area, options, tokio)));
  // A contestant that did not finish what it began.
  if (results.some(({ failures }) => failures.size > 0)) process.exitCode = 1;
  if (results.length > 1) console.log(ratioTable(results));
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
