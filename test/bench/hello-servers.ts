import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

/** The files to start with `node`. */
export interface HelloServers {
  readonly unbundled: string;
  readonly bundled: string;
}

const SOURCE = fileURLToPath(new URL('hello-server.ts', import.meta.url));
/** CommonJS packages in a bundle ask for Node's modules with `require`. */
const BANNER = `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);`;

/**
 * The hello-world server as JavaScript, once as people start with it, and once bundled as our program is.
 *
 * @param folder below the project's `node_modules`, so that the unbundled one finds its packages
 */
export async function buildHelloServers(folder: string): Promise<HelloServers> {
  const unbundled = join(folder, 'hello.mjs');
  const bundled = join(folder, 'hello-bundled.mjs');
  const common = {
    entryPoints: [SOURCE],
    format: 'esm',
    platform: 'node',
    target: 'node20',
  } satisfies BuildOptions;
  await build({ ...common, outfile: unbundled });
  await build({
    ...common,
    outfile: bundled,
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    banner: { js: BANNER },
  });
  return { unbundled, bundled };
}
