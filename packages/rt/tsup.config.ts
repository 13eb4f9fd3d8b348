import { copyFileSync, globSync } from "node:fs";
import { library } from "../../tooling/build/tsup.ts";

const faces = globSync("src/**/*.ts");

const config: ReturnType<typeof library> = {
  ...library({ faces: [], inner: faces }),
  // A face that only passes names on is its own declaration. Bundling would make the first one load all the others'.
  dts: false,
  onSuccess: async () => {
    for (const face of faces) copyFileSync(face, face.replace(/^src(.*)\.ts$/, "dist$1.d.ts"));
  },
};

export default config;
