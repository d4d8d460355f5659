import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

type Value = { readonly stringValue?: string; readonly intValue?: number | string; readonly doubleValue?: number; readonly boolValue?: boolean };
type Attributes = readonly { readonly key: string; readonly value: Value }[];

/** A span as OTLP writes it in JSON, its attributes as an object. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly service: unknown;
}

interface Body {
  readonly resourceSpans: readonly { readonly resource: { readonly attributes: Attributes }; readonly scopeSpans: readonly { readonly spans: readonly (Omit<CollectedSpan, 'attributes' | 'links'> & { readonly attributes: Attributes; readonly links?: CollectedSpan['links'] })[] }[] }[];
}

function plain(attributes: Attributes): CollectedSpan['attributes'] {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? (value.intValue === undefined ? (value.doubleValue ?? value.boolValue) : Number(value.intValue))]));
}

/** Takes traces by OTLP over HTTP, in JSON, as a collector does. */
export class Collector {
  readonly spans: CollectedSpan[] = [];
  /** Everything that was received, byte by byte. */
  readonly bodies: string[] = [];
  readonly headers: Readonly<Record<string, unknown>>[] = [];
  private server: Server | undefined;

  async start(): Promise<string> {
    this.server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
        const known = request.method === 'POST' && request.url === '/v1/traces' && request.headers['content-type'] === 'application/json';
        if (known) this.take(Buffer.concat(parts).toString('utf8'), request.headers);
        response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  named(name: string, of: (span: CollectedSpan) => boolean = () => true): CollectedSpan[] {
    return this.spans.filter((span) => span.name === name && of(span));
  }

  private take(body: string, headers: Readonly<Record<string, unknown>>): void {
    this.bodies.push(body);
    this.headers.push(headers);
    for (const { resource, scopeSpans } of (JSON.parse(body) as Body).resourceSpans) {
      const service = plain(resource.attributes)['service.name'];
      for (const { spans } of scopeSpans) for (const span of spans) this.spans.push({ ...span, links: span.links ?? [], attributes: plain(span.attributes), service });
    }
  }
}
