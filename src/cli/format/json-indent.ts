const token = /"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** JSON text without blanks, as Go's json.Compact: strings and numbers stay as they are written. */
export function compactJson(text: string): string {
  return (text.match(token) ?? []).join('');
}

/** Indents JSON text as Go's json.Indent does: strings and numbers stay as they are written. */
export function indentJson(text: string, indent = '    '): string {
  let result = '';
  let depth = 0;
  let open = false;
  const newline = () => `\n${indent.repeat(depth)}`;
  for (const [piece] of text.matchAll(token)) {
    if (piece === '}' || piece === ']') {
      depth -= 1;
      result += open ? piece : newline() + piece;
      open = false;
      continue;
    }
    if (open) result += newline();
    open = false;
    if (piece === '{' || piece === '[') {
      depth += 1;
      open = true;
      result += piece;
    } else if (piece === ',') result += `,${newline()}`;
    else if (piece === ':') result += ': ';
    else result += piece;
  }
  return result;
}
