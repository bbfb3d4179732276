// The syntax tree of a template. Each node keeps the byte offset where it starts and the text it prints as in errors.

/** Where a node stands in the template and how it is written there. */
export interface Place {
  pos: number;
  text: string;
}

/** An operand or command inside an action. */
export type Expr = Place &
  (
    | { kind: 'dot' | 'nil' }
    | { kind: 'literal'; value: string | number | bigint | boolean }
    | { kind: 'field'; names: string[] }
    | { kind: 'variable'; names: string[] }
    | { kind: 'function'; name: string }
    | { kind: 'pipe'; pipe: Pipe }
    | { kind: 'chain'; operand: Expr; names: string[] }
  );

/** One command of a pipeline: an operand or a call with arguments. */
export interface Command extends Place {
  words: Expr[];
}

/** Commands joined by `|`, perhaps stored into variables. */
export interface Pipe extends Place {
  variables: string[];
  assigns: boolean;
  commands: Command[];
}

/** A piece of a template's body. */
export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'action'; pipe: Pipe }
  | { kind: 'if' | 'with' | 'range'; pipe: Pipe; body: Node[]; otherwise: Node[] }
  | { kind: 'break' | 'continue' }
  | { kind: 'template'; name: string; pipe?: Pipe; pos: number };
