/**
 * Random programs: what they are made of, and how they read.
 *
 * There are no loops, so each statement runs at most once, and its number names everything that happens there.
 */
/** What the arbitraries make. References to tasks and waits are numbers that are taken modulo what there is. */
export type Shape =
  | { readonly kind: "note" | "yield" | "fail" | "wait" }
  | { readonly kind: "fire"; readonly wait: number }
  | { readonly kind: "abort" | "join" | "detach"; readonly task: number }
  | { readonly kind: "spawn"; readonly body: readonly Shape[] }
  | { readonly kind: "finally"; readonly body: readonly Shape[]; readonly cleanup: readonly Shape[] }
  | { readonly kind: "race"; readonly a: readonly Shape[]; readonly b: readonly Shape[] }
  | {
      readonly kind: "set";
      readonly members: readonly (readonly Shape[])[];
      readonly ops: readonly SetShape[];
    };

export type SetShape =
  | { readonly kind: "next" | "tryNext" | "abortAll" | "detachAll" | "shutdown" | "joinAll" | "yield" }
  | { readonly kind: "abort"; readonly member: number };

/** What is done to the program from outside, while it is idle. Numbers choose among what there is at that time. */
export interface Action {
  readonly kind: "complete" | "break" | "abort";
  readonly pick: number;
}

export interface ProgramShape {
  readonly roots: readonly (readonly Shape[])[];
  /** The actions of one step are carried out together; then everything runs until it is idle again. */
  readonly steps: readonly (readonly Action[])[];
  /** How what is left is ended. */
  readonly ending: "abort" | "shutdown" | "kill";
}

/** One strand of statements that follow each other: a task's body, or a branch of a race. */
export interface Strand {
  readonly id: number;
  readonly task: Strand;
  /** The race this is a branch of, with the strand it stands in and its rival. */
  readonly race: { readonly node: RaceNode; readonly outer: Strand; readonly rival: () => Strand } | null;
  /** The set this is a member of. */
  readonly set: SetNode | null;
  /** The number of the `spawn` that starts it, or 0. */
  readonly spawnedAt: number;
  body: readonly Node[];
}

interface Plain {
  readonly kind: "note" | "yield" | "fail" | "wait";
  readonly id: number;
}
interface FireNode {
  readonly kind: "fire";
  readonly id: number;
  wait: number | null;
}
export interface TaskNode {
  readonly kind: "abort" | "join" | "detach";
  readonly id: number;
  task: Strand;
}
interface SpawnNode {
  readonly kind: "spawn";
  readonly id: number;
  readonly task: Strand;
}
export interface FinallyNode {
  readonly kind: "finally";
  readonly id: number;
  readonly body: readonly Node[];
  readonly cleanup: readonly Node[];
}
export interface RaceNode {
  readonly kind: "race";
  readonly id: number;
  a: Strand;
  b: Strand;
}
export interface SetNode {
  readonly kind: "set";
  readonly id: number;
  members: readonly Strand[];
  readonly ops: readonly SetShape[];
}
export type Node = Plain | FireNode | TaskNode | SpawnNode | FinallyNode | RaceNode | SetNode;

/** A program with its statements numbered from top to bottom, and its references resolved. */
export class Program {
  readonly shape: ProgramShape;
  readonly roots: readonly Strand[];
  /** All tasks and branches. */
  readonly strands: Strand[] = [];
  /** Tasks that have a join handle. */
  readonly joinable: Strand[] = [];
  readonly tasks: Strand[] = [];
  #lastId = 0;

  constructor(shape: ProgramShape) {
    this.shape = shape;
    const unresolved: (() => void)[] = [];
    const waits: number[] = [];
    this.roots = shape.roots.map((body) => this.#task(body, null, 0, [waits, unresolved]));
    for (const resolve of unresolved) resolve();
  }

  #task(body: readonly Shape[], set: SetNode | null, spawnedAt: number, rest: Rest): Strand {
    const strand: Open<Strand> = {
      id: (this.#lastId += 1),
      task: null as never,
      race: null,
      set,
      spawnedAt,
      body: [],
    };
    strand.task = strand;
    this.strands.push(strand);
    this.tasks.push(strand);
    if (set === null) this.joinable.push(strand);
    strand.body = body.map((it) => this.#node(it, strand, ...rest));
    return strand;
  }

  #branch(body: readonly Shape[], outer: Strand, node: RaceNode, rival: () => Strand, rest: Rest): Strand {
    const strand: Strand = {
      id: (this.#lastId += 1),
      task: outer.task,
      race: { node, outer, rival },
      set: null,
      spawnedAt: 0,
      body: [],
    };
    this.strands.push(strand);
    strand.body = body.map((it) => this.#node(it, strand, ...rest));
    return strand;
  }

  #node(shape: Shape, strand: Strand, waits: number[], unresolved: (() => void)[]): Node {
    const id = (this.#lastId += 1);
    const within = (it: Shape): Node => this.#node(it, strand, waits, unresolved);
    switch (shape.kind) {
      case "wait":
        waits.push(id);
        return { kind: shape.kind, id };
      case "note":
      case "yield":
      case "fail":
        return { kind: shape.kind, id };
      case "fire": {
        const node: FireNode = { kind: "fire", id, wait: null };
        unresolved.push(() => (node.wait = waits[shape.wait % waits.length] ?? null));
        return node;
      }
      case "abort":
      case "join":
      case "detach": {
        const node: TaskNode = { kind: shape.kind, id, task: strand };
        unresolved.push(() => {
          const targets = shape.kind === "abort" ? this.tasks : this.joinable;
          node.task = targets[shape.task % targets.length] as Strand; // there is at least one root
        });
        return node;
      }
      case "spawn":
        return { kind: "spawn", id, task: this.#task(shape.body, null, id, [waits, unresolved]) };
      case "finally":
        return { kind: "finally", id, body: shape.body.map(within), cleanup: shape.cleanup.map(within) };
      case "race": {
        const node: RaceNode = { kind: "race", id, a: strand, b: strand };
        node.a = this.#branch(shape.a, strand, node, () => node.b, [waits, unresolved]);
        node.b = this.#branch(shape.b, strand, node, () => node.a, [waits, unresolved]);
        return node;
      }
      case "set":
        break;
    }
    const node: SetNode = { kind: "set", id, members: [], ops: shape.ops };
    node.members = shape.members.map((member) => this.#task(member, node, 0, [waits, unresolved]));
    return node;
  }

  /** The numbers of the statements that join a task. */
  joinsOf(task: Strand): number[] {
    return this.strands
      .flatMap(({ body }) => [...nodesOf(body)])
      .flatMap((node) => (node.kind === "join" && node.task === task ? [node.id] : []));
  }

  toString(): string {
    const { ending, steps } = this.shape;
    const lines = this.roots.flatMap((task) => [`task ${task.id} {`, ...print(task.body, "  "), "}"]);
    const outside = steps.map((step) => `  ${step.map(({ kind, pick }) => `${kind} #${pick}`).join(", ")}`);
    return ["", ...lines, "from outside:", ...outside, `  at last ${ending}`, ""].join("\n");
  }
}

/** The statements of one strand, those inside `finally` included. */
export function* nodesOf(nodes: readonly Node[]): Generator<Node> {
  for (const node of nodes) {
    yield node;
    if (node.kind === "finally") {
      yield* nodesOf(node.body);
      yield* nodesOf(node.cleanup);
    }
  }
}

type Open<T> = { -readonly [K in keyof T]: T[K] };
type Rest = [waits: number[], unresolved: (() => void)[]];

function print(nodes: readonly Node[], indent: string): string[] {
  const deeper = `${indent}  `;
  return nodes.flatMap((node) => {
    const head = `${indent}${node.id}: `;
    switch (node.kind) {
      case "note":
      case "yield":
      case "fail":
      case "wait":
        return [head + node.kind];
      case "fire":
        return [`${head}fire wait ${node.wait ?? "(none)"}`];
      case "abort":
      case "join":
      case "detach":
        return [`${head}${node.kind} task ${node.task.id}`];
      case "spawn":
        return [`${head}spawn task ${node.task.id} {`, ...print(node.task.body, deeper), `${indent}}`];
      case "finally":
        return [
          `${head}try {`,
          ...print(node.body, deeper),
          `${indent}} finally {`,
          ...print(node.cleanup, deeper),
          `${indent}}`,
        ];
      case "race":
        return [
          `${head}race ${node.a.id} {`,
          ...print(node.a.body, deeper),
          `${indent}} against ${node.b.id} {`,
          ...print(node.b.body, deeper),
          `${indent}}`,
        ];
      case "set":
        break;
    }
    return [
      `${head}JoinSet {`,
      ...node.members.flatMap((it) => [
        `${deeper}task ${it.id} {`,
        ...print(it.body, `${deeper}  `),
        `${deeper}}`,
      ]),
      `${deeper}${node.ops.map((op) => (op.kind === "abort" ? `abort #${op.member}` : op.kind)).join(", ")}`,
      `${indent}}`,
    ];
  });
}
