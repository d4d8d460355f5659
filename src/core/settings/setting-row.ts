/** One row of the settings table in the README and in `--help`. */
export interface SettingRow {
  readonly name: string;
  readonly meaning: string;
  readonly byDefault: string;
}

/** The value that an environment gives a setting; empty counts as not given. */
export type Given = (name: string) => string | undefined;
