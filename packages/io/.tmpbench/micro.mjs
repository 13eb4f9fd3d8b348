const d=new TextDecoder("utf-8",{fatal:true,ignoreBOM:true});
const utf8Slice=Buffer.prototype.utf8Slice, latin1Slice=Buffer.prototype.latin1Slice;
function t(name,n,f){for(let i=0;i<Math.min(n,20000);i++)f(i);let best=1e9;for(let k=0;k<5;k++){const s=performance.now();for(let i=0;i<n;i++)f(i);best=Math.min(best,performance.now()-s)}console.log(name.padEnd(40),(best*1e6/n).toFixed(1))}
let sink=0;
for(const [nm,src] of [["ascii","x".repeat(70)+"\n"],["utf","héllo wörld ".repeat(5)+"\n"],["cjk","漢字かな".repeat(8)+"\n"]]){
 const big=new TextEncoder().encode(src.repeat(Math.ceil(65536/src.length))).subarray(0,65536- (65536%3));
 let b=big; while(true){try{d.decode(b);break}catch{b=b.subarray(0,b.length-1)}}
 t(nm+" 64K TextDecoder",2000,()=>{sink+=d.decode(b).length});
 t(nm+" 64K utf8Slice",2000,()=>{sink+=utf8Slice.call(b,0,b.length).length});
 t(nm+" 64K latin1Slice",2000,()=>{sink+=latin1Slice.call(b,0,b.length).length});
 t(nm+" 64K utf8Slice+includes",2000,()=>{const s=utf8Slice.call(b,0,b.length);sink+=s.includes("\ufffd")?1:s.length});
 const l=new TextEncoder().encode(src).length;
 t(nm+" line subarray+TextDecoder",200000,()=>{sink+=d.decode(b.subarray(0,l)).length});
 t(nm+" line utf8Slice",200000,()=>{sink+=utf8Slice.call(b,0,l).length});
 t(nm+" line utf8Slice+includes",200000,()=>{const s=utf8Slice.call(b,0,l);sink+=s.includes("\ufffd")?1:s.length});
 t(nm+" line subarray",200000,()=>{sink+=b.subarray(0,l).length});
 t(nm+" line slice",200000,()=>{sink+=Uint8Array.prototype.slice.call(b,0,l).length});
 t(nm+" line new+loop",200000,()=>{const x=new Uint8Array(l);for(let i=0;i<l;i++)x[i]=b[i];sink+=x.length});
 t(nm+" line new+set(sub)",200000,()=>{const x=new Uint8Array(l);x.set(b.subarray(0,l));sink+=x.length});
 let slab=new Uint8Array(8192),at=0;
 t(nm+" line slab sub+loop",200000,()=>{if(at+l>8192){slab=new Uint8Array(8192);at=0}const x=slab.subarray(at,at+l);at+=l;for(let i=0;i<l;i++)x[i]=b[i];sink+=x.length});
 t(nm+" line slab new view+copyWithin-ish set",200000,()=>{if(at+l>8192){slab=new Uint8Array(8192);at=0}const x=new Uint8Array(slab.buffer,at,l);at+=l;for(let i=0;i<l;i++)x[i]=b[i];sink+=x.length});
 t(nm+" Buffer.indexOf", 200000,()=>{sink+=Buffer.prototype.indexOf.call(b,10,0)});
 t(nm+" u8 indexOf", 200000,()=>{sink+=b.indexOf(10,0)});
 t(nm+" loop", 200000,()=>{let i=0;while(b[i]!==10)i++;sink+=i});
}
t("alloc 64K+memcpy",20000,()=>{const x=new Uint8Array(65600);x[0]=1;sink+=x.length});
const big=new Uint8Array(65536);
t("alloc 64K + set",20000,()=>{const x=new Uint8Array(65600);x.set(big,50);sink+=x.length});
const own=new Uint8Array(70000);
t("set 64K",20000,()=>{own.set(big,50)});
t("slice 64K",20000,()=>{sink+=big.slice().length});
t("allocUnsafeSlow 64K+set",20000,()=>{const x=Buffer.allocUnsafeSlow(65600);x.set(big,50);sink+=x.length});
