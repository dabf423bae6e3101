#!/usr/bin/env node
/** `npm start`: one whole migration on this machine. */
import { HELP, readCommand } from '../lib/rehearsal/run/arguments';
import { rehearseForPeople } from '../lib/rehearsal/run/command';

const command = readCommand(process.argv.slice(2));
if (command.kind === 'help') {
  process.stdout.write(HELP);
} else if (command.kind === 'wrong') {
  process.stderr.write(`${command.problem}\n`);
  process.exitCode = 2;
} else {
  const { source, targetVersion = null, yes = false } = command;
  const request = source === undefined ? null : { source, targetVersion, yes };
  rehearseForPeople(command.options, command.mode, request).then((code) => process.exit(code));
}
