/** The description of a name in the comments above it: `# name description`. */
export function describedBy(comments: readonly string[], name: string): string {
  if (name === '') return '';
  return comments.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? '';
}
