/**
 * The program of a worker, as text: it runs from memory (`new Worker(source, { eval: true })`), so it is the same under
 * tsx, jest and plain Node.js. It is CommonJS and uses nothing but Node.js.
 *
 * From the host: `{ requestId, payload, deadlineMs }`, payload as JSON text. To the host: `{ type: 'ready' }` after the
 * bundle was loaded, `{ type: 'compiled', data }` once with V8's code cache after the first result when none was given, `{ type: 'log', stream, text }`, `{ type: 'result', requestId, text }` with JSON text, and
 * `{ type: 'failure', requestId, failure, fatal }`; a fatal failure is the worker's last word. `{ type: 'memory', bytes }` before
 * a result or a failure, with what the invocation took at most.
 */
export const WORKER_SOURCE = `'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const { isNativeError } = require('node:util').types;
const { existsSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const vm = require('node:vm');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const dns = require('node:dns');

// Before the bundle is loaded, which may keep functions of this resolver.
if (workerData.nameServer !== null) dns.setServers([workerData.nameServer]);

const send = (message) => parentPort.postMessage(message);

// Through the same port as results: a line written before the answer arrives before it.
for (const stream of ['stdout', 'stderr']) {
  process[stream].write = (chunk, encoding, done) => {
    send({ type: 'log', stream, text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8') });
    const callback = typeof encoding === 'function' ? encoding : done;
    if (callback) process.nextTick(callback);
    return true;
  };
}

// Stands in for the VPC's resolver: many systems do not resolve names below .localhost.
const isLocal = (name) => typeof name === 'string' && /[.]localhost[.]?$/i.test(name);
const lookup = dns.lookup;
dns.lookup = function (hostname, options, callback) {
  if (!isLocal(hostname)) return lookup.apply(dns, arguments);
  const answer = typeof options === 'function' ? options : callback;
  const all = typeof options === 'object' && options !== null && options.all === true;
  process.nextTick(() => (all ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(null, '127.0.0.1', 4)));
  return {};
};
for (const symbol of Object.getOwnPropertySymbols(lookup)) dns.lookup[symbol] = lookup[symbol];
const promisedLookup = dns.promises.lookup;
dns.promises.lookup = async (hostname, options) => {
  if (!isLocal(hostname)) return promisedLookup.call(dns.promises, hostname, options);
  const address = { address: '127.0.0.1', family: 4 };
  return typeof options === 'object' && options !== null && options.all === true ? [address] : address;
};
require('node:module').syncBuiltinESMExports();

// As the Node.js runtime client of Lambda reports errors.
const describe = (error) => {
  try {
    return isNativeError(error) || error instanceof Error
      ? { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\\n') }
      : { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return { errorType: 'handled', errorMessage: 'the thrown value cannot be described', trace: [] };
  }
};
const refusal = (errorType, errorMessage) => Object.assign(new Error(errorMessage), { name: errorType });

let current = null;
const die = (failure) => {
  send({ type: 'failure', requestId: current, failure, fatal: true });
  process.exit(1);
};
process.on('uncaughtException', (error) => die(describe(error)));
process.on('unhandledRejection', (reason) => {
  const { errorMessage, trace } = describe(reason);
  die({ errorType: 'Runtime.UnhandledPromiseRejection', errorMessage, trace });
});

// The module as Node.js would load it, but for the compiler's work, which an earlier worker of the same bundle has done.
let script = null;
const loadCompiled = (path) => {
  const { USE_MAIN_CONTEXT_DEFAULT_LOADER: importModuleDynamically } = vm.constants || {};
  const cachedData = workerData.compiled ? Buffer.from(workerData.compiled) : undefined;
  script = new vm.Script(Module.wrap(readFileSync(path, 'utf8')), { filename: path, cachedData, importModuleDynamically });
  const module = new Module(path, null);
  module.filename = path;
  module.paths = Module._nodeModulePaths(workerData.codeDirectory);
  const run = script.runInThisContext();
  run.call(module.exports, module.exports, Module.createRequire(path), module, path, workerData.codeDirectory);
  module.loaded = true;
  return module.exports;
};
const tellCompiled = () => {
  if (script !== null && !workerData.compiled) send({ type: 'compiled', data: script.createCachedData() });
  script = null;
};

const load = async () => {
  const { codeDirectory, handler } = workerData;
  const dot = handler.lastIndexOf('.');
  const [file, name] = [handler.slice(0, dot), handler.slice(dot + 1)];
  const path = ['.js', '.mjs', '.cjs'].map((end) => join(codeDirectory, file + end)).find((path) => existsSync(path));
  if (path === undefined) {
    throw refusal('Runtime.ImportModuleError', "Cannot find module '" + file + "' in " + codeDirectory);
  }
  const bundle = path.endsWith('.mjs') ? await import(pathToFileURL(path).href) : loadCompiled(path);
  if (typeof bundle[name] !== 'function') {
    throw refusal('Runtime.HandlerNotFound', handler + ' is undefined or not exported');
  }
  return bundle[name];
};

const contextOf = ({ requestId, deadlineMs }) => ({
  awsRequestId: requestId,
  callbackWaitsForEmptyEventLoop: true,
  functionName: workerData.functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: workerData.functionArn,
  memoryLimitInMB: String(workerData.memoryMb),
  logGroupName: '/aws/lambda/' + workerData.functionName,
  logStreamName: 'rehearsal',
  getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
});

// What V8 holds for this thread, garbage included, and buffers beside it.
const bytesHeld = () => {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
};
const watchMemory = () => {
  if (!workerData.tellsMemory) return () => {};
  let bytes = bytesHeld();
  const look = () => (bytes = Math.max(bytes, bytesHeld()));
  const timer = setInterval(look, 20);
  return () => {
    clearInterval(timer);
    send({ type: 'memory', bytes: look() });
  };
};

const answer = async (handler, message) => {
  current = message.requestId;
  const tellMemory = watchMemory();
  try {
    const result = await handler(JSON.parse(message.payload), contextOf(message));
    tellMemory();
    send({ type: 'result', requestId: message.requestId, text: JSON.stringify(result === undefined ? null : result) });
    tellCompiled();
  } catch (error) {
    tellMemory();
    send({ type: 'failure', requestId: message.requestId, failure: describe(error), fatal: false });
  }
};

load().then(
  (handler) => {
    parentPort.on('message', (message) => answer(handler, message));
    send({ type: 'ready' });
  },
  (error) => die(describe(error)),
);
`;
