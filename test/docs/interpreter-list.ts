/** The list in `docs/interpreter.md`, rendered from what the interpreter supports. */
import { SUPPORTED } from '../../lib/rehearsal/state-machine/supported';

type Fields = Readonly<Record<string, 'required' | 'optional'>>;

const code = (text: string): string => `\`${text}\``;

/** Items as code, in paragraphs of at most 120 columns. */
function wrapped(items: readonly string[]): string {
  const lines: string[] = [];
  for (const item of items.map((name, index) => `${code(name)}${index === items.length - 1 ? '' : ','}`)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + item.length < 120) lines[lines.length - 1] = `${last} ${item}`;
    else lines.push(item);
  }
  return lines.join('\n');
}

function fieldsRow(name: string, fields: Fields): string {
  const of = (need: 'required' | 'optional'): string =>
    Object.entries(fields)
      .filter(([, found]) => found === need)
      .map(([field]) => code(field))
      .join(', ');
  return `| ${name} | ${of('required')} | ${of('optional')} |`;
}

/** The list as Markdown. */
export function interpreterList(): string {
  const tables = [
    fieldsRow('machine', SUPPORTED.machine),
    ...Object.entries(SUPPORTED.states).map(([type, fields]) => fieldsRow(`state ${code(type)}`, fields)),
    fieldsRow('rule of a Choice', SUPPORTED.choiceRule),
    fieldsRow('item of `Retry`', SUPPORTED.retrier),
    fieldsRow('item of `Catch`', SUPPORTED.catcher),
    fieldsRow('`ItemProcessor`', SUPPORTED.itemProcessor),
    fieldsRow('item of `Branches`', SUPPORTED.branch),
  ];
  const integrations = Object.entries(SUPPORTED.serviceIntegrations).map(
    ([resource, fields]) => `| ${code(resource)} | ${fields.map(code).join(', ')} |`,
  );
  return [
    `## Fields\n\n| object | required | optional |\n|---|---|---|\n${tables.join('\n')}`,
    `Query languages:\n${wrapped(SUPPORTED.queryLanguages)}`,
    `Modes of \`ProcessorConfig\`:\n${wrapped(SUPPORTED.processorModes)}`,
    `## Task resources\n\nA function's own ARN, and with the partition left out:\n\n| resource | arguments |\n|---|---|\n${integrations.join('\n')}`,
    `## Data\n\nMembers of \`$states\`:\n${wrapped(SUPPORTED.statesVariable)}`,
    `Below \`$states.context\`:\n${wrapped(SUPPORTED.context)}`,
    `## Functions\n\nThose that Step Functions adds to JSONata:\n${wrapped(SUPPORTED.addedFunctions)}`,
    `JSONata's own:\n${wrapped(SUPPORTED.jsonataFunctions)}`,
    `## Error names\n\nRaised or matched by the interpreter:\n${wrapped(SUPPORTED.errorNames)}`,
  ].join('\n\n');
}
