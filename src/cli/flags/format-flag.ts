import type { Flag } from '../command.ts';

const reference =
  'Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates';

/** `--format` of commands that print a table. */
export const tableFormat: Flag = {
  name: 'format',
  kind: 'string',
  usage: `Format output using a custom template:
'table':            Print output in table format with column headers (default)
'table TEMPLATE':   Print output in table format using the given Go template
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
${reference}`,
};

/** `--format` of commands that print objects. */
export const objectFormat: Flag = {
  name: 'format',
  kind: 'string',
  usage: `Format output using a custom template:
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
${reference}`,
};
