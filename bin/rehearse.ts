import { mkdirSync, writeFileSync } from 'node:fs';
import { HELP, readCommand } from '../lib/rehearsal/run/arguments';
import { rehearse } from '../lib/rehearsal/run/rehearse';

async function main() {
  const command = readCommand(process.argv.slice(2));
  if (command.kind !== 'rehearse') {
    console.log(command.kind === 'help' ? HELP : command.problem);
    return;
  }
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort(new Error('interrupted')));
  const r = await rehearse({
    ...command.options,
    signal: controller.signal,
    onEvent: (e) => {
      if (e.kind !== 'report' && e.kind !== 'writers') console.log(JSON.stringify(e));
    },
  });
  mkdirSync(command.options.reportDirectory, { recursive: true });
  writeFileSync(`${command.options.reportDirectory}/report.json`, JSON.stringify(r.report, null, 1));
  for (const e of r.evidence) writeFileSync(`${command.options.reportDirectory}/${e.name}`, e.content);
  writeFileSync(
    `${command.options.reportDirectory}/functions.log`,
    r.logs.map((l) => `${l.functionName} ${l.line}`).join('\n'),
  );
  const { series, states, ...rest } = r.report;
  console.log(JSON.stringify(rest, null, 1));
}
main().catch((e) => {
  console.error(e);
  process.exit(1);
});
