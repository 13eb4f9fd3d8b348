import { copy, fromNodeReadable, fromNodeWritable } from "@rt/io"; import { Builder, type Async } from "@rt/core";
import fs from "node:fs"; import readline from "node:readline"; import { pipeline } from "node:stream/promises";
const f="/tmp/io-bench.txt", g="/tmp/io-bench.out"; 
if(!fs.existsSync(f)||fs.statSync(f).size<1e8){ let s="",k=0; while(s.length<1<<20) s+="x".repeat(20+(k=(k*31+7)%101))+"\n"; const b=Buffer.from(s); const fd=fs.openSync(f,"w"); for(let i=0;i<192;i++)fs.writeSync(fd,b); fs.closeSync(fd);} 
const size=fs.statSync(f).size; const rt=Builder.currentThread().build();
function* lines(): Async<number>{ const l=fromNodeReadable(fs.createReadStream(f)).lines(); let n=0; while((yield* l.nextLine())!==undefined)n++; return n; }
const c: Record<string,()=>unknown>={
 lines:()=>rt.blockOn(lines()), forawait:()=>rt.blockOn(async()=>{let n=0; for await(const _ of fromNodeReadable(fs.createReadStream(f)).lines())n++; return n;}),
 readline:async()=>{let n=0; for await(const _ of readline.createInterface({input:fs.createReadStream(f)}))n++; return n;},
 rlEvents:()=>new Promise(r=>{let n=0; readline.createInterface({input:fs.createReadStream(f)}).on("line",()=>n++).on("close",()=>r(n));}),
 copy:()=>rt.blockOn(function*():Async<number>{const w=fromNodeWritable(fs.createWriteStream(g)); const n=yield* copy(fromNodeReadable(fs.createReadStream(f)),w); yield* w.shutdown(); return n;}),
 pipeline:()=>pipeline(fs.createReadStream(f),fs.createWriteStream(g)),
 copyNull:()=>rt.blockOn(copy(fromNodeReadable(fs.createReadStream(f)),fromNodeWritable(fs.createWriteStream("/dev/null")))),
 pipelineNull:()=>pipeline(fs.createReadStream(f),fs.createWriteStream("/dev/null")),
};
const res:Record<string,number[]>={}; for(let i=0;i<4;i++)for(const k of process.argv.slice(2)){const t=performance.now(); await c[k]!(); (res[k]??=[]).push(performance.now()-t);} 
for(const k in res)console.log(k.padEnd(14),(size/Math.min(...res[k]!)/1e6).toFixed(2),"GB/s",Math.min(...res[k]!).toFixed(0),"ms"); process.exit(0);
