import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { ACCESS_RULE, type AccessRule } from '../../governance/access.js';
import { bodyRuleOf, takesRawBody, type BodyRule } from '../body-rules.js';
import type { JsonSchema } from '../json-schema.js';
import { SchemaBody, SchemaQuery } from '../schema-body.js';

/** What the code says of one route, beyond what @nestjs/swagger reads: the document is completed from it. */
export interface Route {
  readonly method: string;
  /** With parameters as OpenAPI writes them: `/api/v1/items/{id}`. */
  readonly path: string;
  readonly rule: AccessRule | undefined;
  readonly bodySchema: JsonSchema | undefined;
  readonly querySchema: JsonSchema | undefined;
  readonly bodyRule: BodyRule;
  readonly rawBody: boolean;
}

type Handler = (...args: unknown[]) => unknown;

function pathsOf(target: object): string[] {
  const path = Reflect.getMetadata(PATH_METADATA, target) as string | string[] | undefined;
  return [path ?? ''].flat();
}

function joined(parent: string, child: string): string {
  const segments = `${parent}/${child}`.split('/').filter((segment) => segment !== '');
  return `/${segments.map((segment) => segment.replace(/^[:*](\w+)$/, '{$1}')).join('/')}`;
}

function schemaOf<Pipe extends SchemaBody | SchemaQuery>(controller: Type, name: string, kind: RouteParamtypes, pipe: new (...args: never[]) => Pipe): JsonSchema | undefined {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<string, { pipes?: unknown[] }>;
  const pipes = Object.entries(parameters).flatMap(([key, value]) => (key.startsWith(`${kind}:`) ? (value.pipes ?? []) : []));
  return pipes.find((candidate): candidate is Pipe => candidate instanceof pipe)?.schema;
}

function routesOf(controller: Type, name: string, handler: Handler): Route[] {
  const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
  if (method === undefined) return [];
  const rule = (Reflect.getMetadata(ACCESS_RULE, handler) ?? Reflect.getMetadata(ACCESS_RULE, controller)) as AccessRule | undefined;
  const paths = pathsOf(controller).flatMap((parent) => pathsOf(handler).map((child) => joined(parent, child)));
  return paths.map((path) => ({
    method: (RequestMethod[method] ?? '').toLowerCase(),
    path,
    rule,
    bodySchema: schemaOf(controller, name, RouteParamtypes.BODY, SchemaBody),
    querySchema: schemaOf(controller, name, RouteParamtypes.QUERY, SchemaQuery),
    bodyRule: bodyRuleOf(Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler)),
    rawBody: takesRawBody(path),
  }));
}

/** Every route that the application's controllers declare. */
export function declaredRoutes(discovery: DiscoveryService, scanner: MetadataScanner): Route[] {
  return discovery.getControllers().flatMap(({ metatype }) => {
    if (!metatype) return [];
    const prototype = (metatype as Type).prototype as Record<string, Handler>;
    return scanner.getAllMethodNames(prototype).flatMap((name) => routesOf(metatype as Type, name, prototype[name] as Handler));
  });
}
