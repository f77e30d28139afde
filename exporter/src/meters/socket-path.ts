import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { InferometerError } from '@inferometer/core/errors';
import { makePrivateDir } from '@inferometer/core/files';

/** A socket's path holds 107 bytes, of which the name takes 22. */
const maxFolderLength = 80;

/**
 * The Unix socket of a meter: in a private folder of this node's temporary directory, since a shared file system may
 * refuse sockets. Equal for equal parts, so that a restarted agent finds a meter
 * that outlived it; in /tmp where the temporary directory's path is too long. Throws INFEROMETER_RUN_DIR when the folder is not ours alone.
 */
export function meterSocketPath(...parts: readonly string[]): string {
  const { uid } = userInfo();
  const own = join(tmpdir(), `inferometer-${uid}`);
  const folder = own.length > maxFolderLength ? `/tmp/inferometer-${uid}` : own;
  makePrivateDir(folder);
  const { uid: owner, mode } = lstatSync(folder);
  if (owner !== uid || (mode & 0o077) !== 0) {
    throw new InferometerError(
      'INFEROMETER_RUN_DIR',
      `${folder}: not a folder of this user alone; remove it or set TMPDIR`,
    );
  }
  const id = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
  return join(folder, `${id}.sock`);
}
