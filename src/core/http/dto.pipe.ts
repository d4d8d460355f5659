import { ValidationPipe, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { HubError, type FieldError } from '../errors/index.js';

const MOST_ERRORS = 50;
const PLAIN = new Set<unknown>([undefined, Object, String, Number, Boolean, Array, Buffer]);

function faultsOf(errors: readonly ValidationError[], parent: string): FieldError[] {
  return errors.flatMap((error) => {
    const pointer = `${parent}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const own = Object.values(error.constraints ?? {}).map((detail) => ({ pointer, detail }));
    return [...own, ...faultsOf(error.children ?? [], pointer)];
  });
}

function refusal(errors: readonly ValidationError[], prefix: string): HubError {
  const faults = faultsOf(errors, '').slice(0, MOST_ERRORS);
  return new HubError('VALIDATION_FAILED', { errors: prefix === '' ? faults : faults.map((fault) => ({ ...fault, pointer: `?${fault.pointer.slice(1)}` })) });
}

function validator(prefix: string): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    exceptionFactory: (errors) => refusal(errors, prefix),
  });
}

/**
 * Checks parameters whose type is a class-validator DTO, as admin routes have them. Everything else passes through
 * without a promise made for it: on hot routes the compiled schema of SchemaBody is the check.
 */
export class DtoPipe implements PipeTransform {
  private readonly body = validator('');
  private readonly query = validator('?');

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    if (metadata.type === 'custom' || PLAIN.has(metadata.metatype)) return value;
    if (metadata.type === 'query') return this.query.transform(value, metadata);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new HubError('VALIDATION_FAILED', { detail: 'A JSON object is required as the body.', errors: [{ pointer: '', detail: 'must be an object' }] });
    return this.body.transform(value, metadata);
  }
}
