import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsEmail, IsString, Length, MaxLength } from 'class-validator';

/** Takes away the blanks that a form leaves around a text; what is no text is left to the check after it. */
export const Trimmed = (): PropertyDecorator => Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value));

/** An e-mail address, by which a person is known; upper and lower case are the same. */
export const EmailField = ({ required = true } = {}): PropertyDecorator => applyDecorators(ApiProperty({ format: 'email', maxLength: 254, required }), Trimmed(), MaxLength(254), IsEmail());

/** A password that is being set. Length is what counts (NIST SP 800-63B); there are no rules of composition. */
export const NewPasswordField = (description: string): PropertyDecorator => applyDecorators(ApiProperty({ description, minLength: 12, maxLength: 1_024 }), IsString(), Length(12, 1_024));
