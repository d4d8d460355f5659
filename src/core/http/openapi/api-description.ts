import { Injectable, type INestApplication } from '@nestjs/common';
import { invariant } from '../../errors/index.js';
import { describeApi } from './document.js';

/** Holds the application's OpenAPI document, made at the first request for it. */
@Injectable()
export class ApiDescription {
  private app: INestApplication | undefined;
  private made: string | undefined;

  describes(app: INestApplication): void {
    this.app = app;
  }

  json(): string {
    invariant(this.app, 'the document is asked for before configureApp');
    this.made ??= JSON.stringify(describeApi(this.app));
    return this.made;
  }
}
