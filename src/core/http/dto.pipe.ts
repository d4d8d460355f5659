import { ValidationPipe, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { getMetadataStorage, type ValidationError } from 'class-validator';
import { HubError, type FieldError } from '../errors/index.js';
import { unknownParameter } from './known-query.guard.js';

const MOST_ERRORS = 50;
const PLAIN = new Set<unknown>([undefined, Object, String, Number, Boolean, Array, Buffer]);

function faultsOf(errors: readonly ValidationError[], parent: string): FieldError[] {
  return errors.flatMap((error) => {
    const pointer = `${parent}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const own = Object.values(error.constraints ?? {}).map((detail) => ({ pointer, detail }));
    return [...own, ...faultsOf(error.children ?? [], pointer)];
  });
}

function inBody(errors: readonly ValidationError[]): FieldError[] {
  return faultsOf(errors, '');
}

function inQuery(errors: readonly ValidationError[]): FieldError[] {
  return faultsOf(errors, '').map((fault) => ({ ...fault, pointer: `?${fault.pointer.slice(1)}` }));
}

/** The fields that a DTO declares, its parents' too. */
function fieldsOf(dto: NewableFunction): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
}

function validator(read: (errors: readonly ValidationError[]) => FieldError[]): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    exceptionFactory: (errors) => new HubError('VALIDATION_FAILED', { errors: read(errors).slice(0, MOST_ERRORS) }),
  });
}

/**
 * Checks parameters whose type is a class-validator DTO, as admin routes have them. Everything else passes through
 * without a promise made for it: on hot routes the compiled schema of SchemaBody is the check.
 */
export class DtoPipe implements PipeTransform {
  private readonly body = validator(inBody);
  private readonly query = validator(inQuery);
  private readonly known = new WeakMap<NewableFunction, string[]>();

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    if (metadata.type === 'custom' || PLAIN.has(metadata.metatype)) return value;
    if (metadata.type === 'query') {
      this.refuseUnknown(Object.keys(value as object), metadata.metatype as NewableFunction);
      return this.query.transform(value, metadata);
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new HubError('VALIDATION_FAILED', { detail: 'A JSON object is required as the body.', errors: [{ pointer: '', detail: 'must be an object' }] });
    return this.body.transform(value, metadata);
  }

  /** The validator would say less, and never sees a parameter named __proto__. */
  private refuseUnknown(names: readonly string[], dto: NewableFunction): void {
    if (names.length === 0) return;
    const known = this.known.get(dto) ?? fieldsOf(dto);
    this.known.set(dto, known);
    const unknown = names.filter((name) => !known.includes(name)).slice(0, MOST_ERRORS);
    if (unknown.length > 0) throw new HubError('VALIDATION_FAILED', { errors: unknown.map((name) => ({ pointer: `?${name}`, detail: unknownParameter(known) })) });
  }
}
