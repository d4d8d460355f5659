import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SETTING_ROWS } from '../../src/core/settings/settings.js';
import { ROOT } from '../support/built.js';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly deploy?: { readonly replicas?: number };
}

interface Composition {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

const FILES = ['docker/compose.yaml', 'docker/compose.replicas.yaml'];
const read = (file: string): Composition => parse(readFileSync(join(ROOT, file), 'utf8'), { merge: true }) as Composition;
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

describe.each(FILES)('%s', (file) => {
  const { services, volumes = {} } = read(file);
  const hubs = Object.entries(services).filter(([, { build }]) => build);

  it('names files, volumes and services that exist', () => {
    expect(hubs.length).toBeGreaterThan(0);
    for (const [name, { build, volumes: mounts = [], depends_on = {} }] of Object.entries(services)) {
      if (build) expect([name, existsSync(resolve(ROOT, 'docker', build.context, build.dockerfile))]).toEqual([name, true]);
      for (const mount of mounts) {
        const source = mount.split(':')[0] ?? '';
        expect([mount, source.startsWith('.') ? existsSync(join(ROOT, 'docker', source)) : source in volumes]).toEqual([mount, true]);
      }
      expect(Object.keys(depends_on).filter((other) => !(other in services))).toEqual([]);
    }
  });

  it('gives the hub settings that it knows, and pins every image', () => {
    const known = new Set(SETTING_ROWS.map(({ name }) => name));
    for (const [name, { environment = {} }] of hubs) expect([name, Object.keys(environment).filter((variable) => !known.has(variable))]).toEqual([name, []]);
    for (const [name, { image = '' }] of Object.entries(services)) expect([name, image]).toEqual([name, expect.stringMatching(/^[a-z]+:\d/)]);
    for (const [, { image }] of hubs) expect(image).toBe(`crossdock:${version}`);
  });

  it('lets the hub write its volume and nothing else, and opens it on this machine alone', () => {
    for (const [, service] of hubs) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
      expect(service.volumes?.map((mount) => mount.split(':')[1])).toEqual(['/data']);
    }
    for (const { ports = [] } of Object.values(services)) expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });
});

describe('the composition of replicas', () => {
  const { services } = read('docker/compose.replicas.yaml');
  const text = readFileSync(join(ROOT, 'docker/compose.replicas.yaml'), 'utf8');

  it('runs several processes of each role on one Postgres and one Redis', () => {
    expect(services['api']).toMatchObject({ environment: { CROSSDOCK_ROLE: 'api' }, deploy: { replicas: 2 } });
    expect(services['worker']).toMatchObject({ environment: { CROSSDOCK_ROLE: 'worker' }, deploy: { replicas: 2 } });
    for (const name of ['api', 'worker']) {
      expect(new URL((services[name]?.environment?.['DATABASE_URL'] ?? '').replace(/\$\{[^}]*\}/, 'x')).hostname).toBe('postgres');
      expect(new URL((services[name]?.environment?.['REDIS_URL'] ?? '').replace(/\$\{[^}]*\}/, 'x')).hostname).toBe('redis');
    }
  });

  it('takes each secret from the file that it names, where all of them are asked for', () => {
    const asked = new Set([...text.matchAll(/\$\{([A-Z_]+):\?/g)].map((match) => match[1]));
    const offered = readFileSync(join(ROOT, 'docker/replicas.env.example'), 'utf8').split('\n').flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? []);
    expect([...asked].sort()).toEqual(offered.sort());
    expect(text).not.toMatch(/\$\{[A-Z_]+\}/);
  });

  it('proxies to the service of the hubs, at the port that they listen on', () => {
    const proxy = readFileSync(join(ROOT, 'docker/nginx.conf'), 'utf8');
    const [, host = '', port] = /server (\w+):(\d+)/.exec(proxy) ?? [];
    expect(host in services).toBe(true);
    expect(readFileSync(join(ROOT, 'docker/Dockerfile'), 'utf8')).toContain(`CROSSDOCK_PORT=${port}`);
    expect(proxy).toContain(`listen ${services['proxy']?.ports?.[0]?.split(':').at(-1)};`);
  });
});
