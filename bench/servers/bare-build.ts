import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What runs for the inspector while nobody looks, as the compiler leaves it. */
const HOOKS: Readonly<Record<string, readonly RegExp[]>> = {
  'runtime/machine/machine-runner.js': [
    /^ +const stamped = .*\n +for \(let stamp = .*\n.*\n +\}\n/m,
    /^ +if \(this\.taken !== null\)\n.*\n/m,
    /^ +this\.recent\.note\(row, event\);\n/gm,
    /^ +if \(this\.observer !== null\)\n.*\n/m,
    /^ +else if \(this\.observer !== null\)\n.*\n/m,
    /^ +if \(this\.observer\?\.watches\(row\) === true\) \{\n.*\n.*\n +\}\n/m,
  ],
  'runtime/gateway.js': [
    /^ +this\.comings\.opened\(connection\);\n/m,
    /^ +this\.comings\.loggedIn\(socket\);\n/m,
  ],
};

/** Copies `dist/` and takes the inspector's hooks out of the copy; returns its program. */
export function bareBuild(): string {
  const bare = join(ROOT, 'dist.bare');
  rmSync(bare, { recursive: true, force: true });
  cpSync(join(ROOT, 'dist'), bare, { recursive: true });
  for (const [file, hooks] of Object.entries(HOOKS)) {
    const path = join(bare, file);
    let code = readFileSync(path, 'utf8');
    for (const hook of hooks) {
      const bare = code.replace(hook, '');
      if (bare === code) throw new Error(`${file} has no hook ${hook} any more`);
      code = bare;
    }
    writeFileSync(path, code);
  }
  return join(bare, 'main.js');
}
