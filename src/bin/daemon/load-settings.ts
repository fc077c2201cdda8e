import type { ParsedFlags } from "../../cli/flags.ts";
import { checkSettings } from "../../daemon/check-settings.ts";
import {
  type ConfigPlaces,
  configPath,
  inFile,
  readConfigFiles,
} from "../../daemon/config-files.ts";
import { GivenSettings, refuseConflicts, type SettingValues } from "../../daemon/given-settings.ts";
import { settingsFolders } from "../../host/places.ts";
import { settingsOfFlags } from "./daemon-flags.ts";

/** Flags and files as one; what is in both, unknown, refused or wrong throws in dockerd's words. */
export async function loadSettings(
  flags: ParsedFlags,
  environment: Record<string, string | undefined>,
): Promise<GivenSettings> {
  const byFlags = settingsOfFlags(flags);
  const places: ConfigPlaces = {
    named: flags.text("config"),
    folders: settingsFolders(environment),
  };
  const byFile = await readConfigFiles(places);
  return inFile(configPath(places), () => merged(byFlags, byFile));
}

function merged(byFlags: SettingValues, byFile: SettingValues): GivenSettings {
  refuseConflicts(byFlags, byFile);
  const settings = new GivenSettings(new Map([...byFile, ...byFlags]));
  checkSettings(settings);
  return settings;
}
