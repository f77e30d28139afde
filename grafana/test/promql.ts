import { parser } from '@prometheus-io/lezer-promql';

/** Where a query is no PromQL: the text around each error. */
export function syntaxErrors(expr: string): string[] {
  const errors: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) errors.push(`${expr.slice(0, from)}⟦${expr.slice(from, to)}⟧${expr.slice(to)}`);
    },
  });
  return errors;
}

/** Texts of all nodes of one kind of the grammar: `VectorSelector`, `Identifier`, `FunctionCall`. */
export function nodes(expr: string, kind: string): string[] {
  const texts: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to }) => {
      if (name === kind) texts.push(expr.slice(from, to));
    },
  });
  return texts;
}
