import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ParseLimits } from './parsed-document.js';

/** Memory that Node reserves for code without using it, and needs before it reads anything. */
const RESERVED_MB = 640;
const HEAP_SHARE = 0.75;
const CPU_GRACE_SECONDS = 5;
/** The unit of `ulimit -f`. */
const FILE_BLOCK_BYTES = 512;
/** A limit that the system does not know is not worth failing for: others hold. */
const WITH_LIMITS = 'ulimit -c 0; ulimit -St "$1"; ulimit -Ht "$2"; ulimit -d "$3"; ulimit -f "$4"; shift 4';
/** Where the system can, it ends the process with the worker, whatever the process is doing; elsewhere it looks itself. */
const END_WITH_PARENT = 'setpriv --pdeathsig KILL true 2>/dev/null && set -- setpriv --pdeathsig KILL "$@"';
const SCRIPT = `${WITH_LIMITS}; ${END_WITH_PARENT}; exec "$@"`;
/** Lets Node run the sources, whose imports name the built files. */
const SOURCE_IMPORTS = `data:text/javascript,${encodeURIComponent(
  `import { registerHooks } from 'node:module';
   registerHooks({ resolve: (specifier, context, next) =>
     next(context.parentURL?.endsWith('.ts') ? specifier.replace(/^(\\.{1,2}\\/.*)\\.js$/, '$1.ts') : specifier, context) });`,
)}`;

/**
 * The command line of a parser process: Node under limits of memory and processor time that the kernel enforces, without
 * the right to write files, start processes or read anything but its own program.
 */
export function parserCommand(limits: ParseLimits, request: string): { command: string; args: string[] } {
  const built = fileURLToPath(new URL('./parser-process.js', import.meta.url));
  const isBuilt = existsSync(built);
  const entry = isBuilt ? built : built.replace(/\.js$/, '.ts');
  const node = [
    process.execPath,
    `--max-old-space-size=${Math.round(limits.maxMemoryMb * HEAP_SHARE)}`,
    '--disallow-code-generation-from-strings',
    '--permission',
    ...readableFolders(entry).map((folder) => `--allow-fs-read=${folder}`),
    ...(isBuilt ? [] : ['--import', SOURCE_IMPORTS]),
    entry,
    request,
  ];
  const cpuSeconds = Math.ceil(limits.maxCpuSeconds);
  const dataKilobytes = (limits.maxMemoryMb + RESERVED_MB) * 1024;
  const fileBlocks = Math.ceil(limits.maxSpoolBytes / FILE_BLOCK_BYTES);
  const rlimits = [cpuSeconds, cpuSeconds + CPU_GRACE_SECONDS, dataKilobytes, fileBlocks].map(String);
  return { command: '/bin/sh', args: ['-c', SCRIPT, 'sh', ...rlimits, ...node] };
}

/** The app's own program, and the packages that it may import. */
function readableFolders(entry: string): string[] {
  const folders = [dirname(dirname(entry))];
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const packages = join(folder, 'node_modules');
    if (existsSync(packages)) folders.push(packages, realpathSync(packages));
  }
  return [...new Set(folders)];
}
