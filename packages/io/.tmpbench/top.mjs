import fs from "node:fs";const f=process.argv[2];const p=JSON.parse(fs.readFileSync(f));const self=new Map();const dt=p.timeDeltas;const idx=new Map(p.nodes.map(n=>[n.id,n]));
p.samples.forEach((s,i)=>{const n=idx.get(s);const k=n.callFrame.functionName+" "+n.callFrame.url.split("/").slice(-2).join("/")+":"+n.callFrame.lineNumber;self.set(k,(self.get(k)||0)+dt[i])});
const tot=[...self.values()].reduce((a,b)=>a+b);for(const [k,v] of [...self].sort((a,b)=>b[1]-a[1]).slice(0,+process.argv[3]||22))console.log((v/tot*100).toFixed(1).padStart(5)+"%",k);
