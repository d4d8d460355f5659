import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const START = `window.onload = () => { SwaggerUIBundle({ url: '/openapi.json', dom_id: '#ui', deepLinking: true, tryItOutEnabled: false, validatorUrl: null }); };\n`;

/** File names are looked up here and nowhere else: a name that a caller chooses never becomes a path. */
const TYPES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

export interface Asset {
  readonly type: string;
  readonly content: Buffer | string;
}

/** The folder of Swagger UI as @nestjs/swagger brings it: served from here, so that the page works without the internet. */
function folder(): string {
  const fromSwagger = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'));
  return dirname(fromSwagger.resolve('swagger-ui-dist/package.json'));
}

export async function docsAsset(name: string): Promise<Asset | undefined> {
  if (name === 'start.js') return { type: 'text/javascript; charset=utf-8', content: START };
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  return type === undefined ? undefined : { type, content: await readFile(join(folder(), name)) };
}
