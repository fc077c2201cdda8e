import { execute } from "./evaluate.ts";
import { parseTemplate } from "./parser.ts";

/**
 * A Go template (text/template) of the kind that docker's `--format` takes: fields, pipelines,
 * variables, if, with, range, and the functions of functions.ts. Throws DvmError for a faulty one,
 * and the compiled template does when a field it prints isn't there.
 */
export function compileTemplate(text: string): (data: unknown) => string {
  const nodes = parseTemplate(text);
  return (data) => execute(nodes, data);
}
